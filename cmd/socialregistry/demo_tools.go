package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"socialregistry/issuer/verify"
)

// credential is one that the wallet keeps.
type credential struct {
	config string // id of its configuration
	file   string
}

// result is what a program said and how it ended.
type result struct {
	out   string
	words string // standard error
	code  int
}

// tool runs a program that lies beside our own, as somebody at a terminal would.
// An error means that it could not be run at all.
func (d *demo) tool(ctx context.Context, name string, args ...string) (result, error) {
	own, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	program := filepath.Join(filepath.Dir(own), name)
	if name == "socialregistry" {
		program = own
	}
	cmd := exec.CommandContext(ctx, program, args...)
	var out, words bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = d.environment(), &out, &words
	err = cmd.Run()
	if cmd.ProcessState == nil || !cmd.ProcessState.Exited() {
		return result{}, fmt.Errorf("run %s, which must lie beside socialregistry: %w", name, err)
	}
	return result{out.String(), strings.TrimSpace(words.String()), cmd.ProcessState.ExitCode()}, nil
}

// walletTakes hands the offer to the wallet. It gives what the wallet kept and
// its words; that it refused is no error.
func (d *demo) walletTakes(ctx context.Context) ([]credential, string, error) {
	r, err := d.tool(ctx, "srwallet", "accept", "--dir", filepath.Join(d.folder, "wallet"), "--tx-code", d.txCode, d.link)
	if err != nil {
		return nil, "", err
	}
	var taken []credential
	for line := range strings.Lines(r.out) {
		parts := strings.Split(strings.TrimSpace(line), "\t") // number, configuration, file
		if len(parts) != 3 {
			return nil, "", fmt.Errorf("the wallet said %q", line)
		}
		taken = append(taken, credential{config: parts[1], file: parts[2]})
	}
	return taken, r.words, nil
}

// verify has the offline verifier look at one credential.
func (d *demo) verify(ctx context.Context, file string, flags ...string) (verify.Outcome, error) {
	r, err := d.tool(ctx, "srverify", append(append([]string{"--quiet", "--bundle", d.bundle, "--root=" + d.root}, flags...), file)...)
	if err != nil {
		return "", err
	}
	outcome := verify.Outcome(strings.TrimSpace(r.out))
	if outcome == "" || (r.code == 0) != (outcome == verify.Genuine) {
		return "", fmt.Errorf("the verifier says %q and ends with %d: %s", r.out, r.code, r.words)
	}
	return outcome, nil
}
