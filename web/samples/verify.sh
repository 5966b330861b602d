# bundle.json is what /.well-known/sr-trust-bundle.json gives; PINNED the thumbprint of its root key
srverify --bundle bundle.json --root="$PINNED" --pins pins.json --quiet credential.txt
