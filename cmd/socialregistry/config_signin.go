package main

import (
	"errors"
	"time"

	"socialregistry/registry"
)

// signInSettings are about how people prove who they are.
func signInSettings() []setting {
	return []setting{
		{"SR_STEP_UP", "15m", "use a time from 5m to 12h, for example 15m", func(c *Config, v string) (err error) {
			if c.StepUp, err = time.ParseDuration(v); err == nil && (c.StepUp < registry.MinStepUp || c.StepUp > registry.SessionMax) {
				err = errors.New("out of range")
			}
			return err
		}},
		{"SR_STAFF_TOTP", "optional", "use optional or required", func(c *Config, v string) error {
			c.StaffTOTP = v == "required"
			return oneOf(v, "optional", "required")
		}},
	}
}
