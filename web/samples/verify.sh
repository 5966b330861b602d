# srverify is given out for Linux, macOS and Windows, and made by "make build" of our source.
# bundle.json is what /.well-known/sr-trust-bundle.json gives; PINNED the thumbprint of its root key,
# which counts the first time: from then on the roots do that pins.json keeps
srverify --bundle bundle.json --root="$PINNED" --pins pins.json --quiet credential.txt
