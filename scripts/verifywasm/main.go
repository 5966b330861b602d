//go:build js && wasm

// Command verifywasm is package verify for a browser, to be measured beside the ES
// module (make bench-verify). It is no part of what we give out. It gives the page two
// functions, srOpen(bundle) and srVerify(credential, time), and stays.
package main

import (
	"syscall/js"
	"time"

	"socialregistry/issuer/verify"
)

func main() {
	var bundle *verify.Bundle
	js.Global().Set("srOpen", js.FuncOf(func(_ js.Value, args []js.Value) any {
		b, err := verify.ParseBundle([]byte(args[0].String()))
		if err != nil {
			return err.Error()
		}
		bundle = b
		return ""
	}))
	js.Global().Set("srVerify", js.FuncOf(func(_ js.Value, args []js.Value) any {
		at, err := time.Parse(time.RFC3339, args[1].String())
		if err != nil || bundle == nil {
			return "no time, or no bundle"
		}
		return string(bundle.Verify([]byte(args[0].String()), at).Outcome)
	}))
	select {}
}
