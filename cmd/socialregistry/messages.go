package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"socialregistry/internal/webhook"
	"socialregistry/issuer"
	"socialregistry/issuer/ledger"
)

// How long the courier rests when nothing is to go, and when the hook itself, or the
// database, failed. A message that the hook does not take holds up no other.
const (
	deliverEvery = time.Second
	deliverAgain = 5 * time.Second
)

// maxSecretFile is in bytes.
const maxSecretFile = 4096

// messageSettings are about messages that leave the portal.
func messageSettings() []setting {
	return []setting{
		{"SR_MESSAGE_HOOK", "", "use the https address of whatever sends SMS, mail and letters; http on this machine only", func(c *Config, v string) error {
			c.MessageHook = v
			if v == "" {
				return nil
			}
			_, err := webhook.ParseURL(v)
			return err
		}},
		{"SR_MESSAGE_HOOK_SECRET", "", "use whsec_ and 24 to 64 random bytes in base64, for example the output of: echo whsec_$(openssl rand -base64 32)", func(c *Config, v string) error {
			c.MessageSecret = v
			if v == "" {
				return nil
			}
			_, err := webhook.ParseSecret(v)
			return err
		}},
		{"SR_MESSAGE_HOOK_SECRET_FILE", "", "name a file that holds the secret, where SR_MESSAGE_HOOK_SECRET does not, if there is a hook", func(c *Config, v string) error {
			c.MessageSecretFile = v
			if c.MessageHook != "" && c.MessageSecret == "" && v == "" {
				return errors.New("no secret")
			}
			return nil
		}},
		{"SR_MESSAGE_KINDS", "all", "use all, or some of " + strings.Join(issuer.MessageKinds(), ", ") + ", with commas", func(c *Config, v string) error {
			if c.MessageKinds = v; v == "all" {
				c.MessageKinds = ""
			}
			for _, kind := range messageKinds(*c) {
				if !slices.Contains(issuer.MessageKinds(), kind) {
					return errors.New("not a kind")
				}
			}
			return nil
		}},
	}
}

// messageKinds are the beginnings of the kinds that leave; nil: all.
func messageKinds(c Config) []string {
	if c.MessageKinds == "" {
		return nil
	}
	return strings.Split(c.MessageKinds, ",")
}

// messageHook opens the hook of the settings.
func messageHook(c Config) (*webhook.Hook, error) {
	secret, err := messageSecret(c)
	if err != nil {
		return nil, fmt.Errorf("read the secret of the message hook (SR_MESSAGE_HOOK_SECRET_FILE): %w", err)
	}
	hook, err := webhook.New(webhook.Config{URL: c.MessageHook, Secret: secret})
	if err != nil {
		return nil, fmt.Errorf("open the message hook (SR_MESSAGE_HOOK): %w", err)
	}
	return hook, nil
}

// messageSecret is the secret of the settings, or of the file that they name.
func messageSecret(c Config) (string, error) {
	if c.MessageSecret != "" {
		return c.MessageSecret, nil
	}
	file, err := os.Open(c.MessageSecretFile)
	if err != nil {
		return "", err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxSecretFile))
	return strings.TrimSpace(string(text)), err
}

// deliver takes messages out of the portal for as long as ctx lasts. Why one does not
// go is logged by its code; whom it is for, and what it says, is not.
func (p *parts) deliver(ctx context.Context, c Config, log *slog.Logger, say issuer.Wording) error {
	hook, err := messageHook(c)
	if err != nil {
		return err
	}
	for {
		d, err := p.issuer.Deliver(ctx, hook, say)
		rest := restAfter(d)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			log.Error("deliver a message", "error", err)
			rest = deliverAgain
		case d.State == ledger.DeliveryFailed:
			log.Error("a message could not be delivered", "code", d.Code, "attempt", d.Attempts)
		case d.State == ledger.DeliveryWaiting:
			log.Warn("a message waits to be delivered", "code", d.Code, "attempt", d.Attempts)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rest):
		}
	}
}

// restAfter says how long the courier rests after a delivery.
func restAfter(d issuer.Dispatch) time.Duration {
	switch {
	case !d.Found:
		return deliverEvery
	case d.HookFailed():
		return deliverAgain
	}
	return 0
}
