package main

import (
	"errors"
	"os"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"socialregistry/issuer/artwork"
)

// issuerSettings are about who issues, and about what is kept outside the database.
func issuerSettings() []setting {
	return []setting{
		{"SR_COUNTRY", "ZZ", "use two capital letters of ISO 3166-1, as KE; ZZ stands for no country", func(c *Config, v string) error {
			c.Country = v
			return checkCountry(v)
		}},
		{"SR_ISSUER_NAME", "Social Registry", "use a name of 1 to 40 characters", func(c *Config, v string) error {
			c.IssuerName = v
			return checkName(v)
		}},
		{"SR_ISSUER_NAME_AR", "", "use a name of 1 to 40 characters", func(c *Config, v string) error {
			c.ArabicName = v
			if v == "" {
				return nil
			}
			return checkName(v)
		}},
		{"SR_LOGO", "", "use the name of a file, a PNG of at most 2048 by 2048 pixels, or an SVG without scripts, styles and outside addresses, of at most 128 KiB", func(c *Config, v string) error {
			c.LogoFile = v
			_, err := readLogo(v)
			return err
		}},
		{"SR_KEY_OVERLAP", "24h", "use a time from 1m to 720h, for example 24h", func(c *Config, v string) (err error) {
			if c.KeyOverlap, err = time.ParseDuration(v); err == nil && (c.KeyOverlap < time.Minute || c.KeyOverlap > 720*time.Hour) {
				err = errors.New("out of range")
			}
			return err
		}},
		{"SR_STATE_DIR", "./var/state", "name a folder outside the database and its backups", func(c *Config, v string) error {
			c.StateDir = v
			return nil
		}},
	}
}

// walletSettings are about what wallets may ask, and what they have to show.
func walletSettings() []setting {
	return []setting{
		{"SR_COMPAT_DRAFTS", "true", "use true or false", func(c *Config, v string) (err error) {
			c.Drafts, err = strconv.ParseBool(v)
			return err
		}},
		{"SR_BATCH_SIZE", "10", "use a whole number from 1 to 50", func(c *Config, v string) (err error) {
			if c.BatchSize, err = strconv.Atoi(v); err == nil && (c.BatchSize < 1 || c.BatchSize > 50) {
				err = errors.New("out of range")
			}
			return err
		}},
		{"SR_ENCRYPTION", "optional", "use optional or required", func(c *Config, v string) error {
			c.Encrypted = v == "required"
			return oneOf(v, "optional", "required")
		}},
		{"SR_DPOP", "optional", "use optional or required", func(c *Config, v string) error {
			c.DPoPRequired = v == "required"
			return oneOf(v, "optional", "required")
		}},
		{"SR_DPOP_NONCE", "optional", "use optional or required", func(c *Config, v string) error {
			c.DPoPNonce = v == "required"
			return oneOf(v, "optional", "required")
		}},
		{"SR_ANONYMOUS_WALLETS", "true", "use true or false", func(c *Config, v string) (err error) {
			c.Anonymous, err = strconv.ParseBool(v)
			return err
		}},
		{"SR_REFRESH_LIFE", "2160h", "use a time from 1h to 8760h, for example 2160h", func(c *Config, v string) (err error) {
			if c.RefreshLife, err = time.ParseDuration(v); err == nil && (c.RefreshLife < time.Hour || c.RefreshLife > 8760*time.Hour) {
				err = errors.New("out of range")
			}
			return err
		}},
	}
}

// readLogo reads the picture in a file; "" is none.
func readLogo(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, err = artwork.Parse(body)
	return body, err
}

func checkCountry(v string) error {
	if len(v) != 2 || v[0] < 'A' || v[0] > 'Z' || v[1] < 'A' || v[1] > 'Z' {
		return errors.New("not two capital letters")
	}
	return nil
}

// checkName: a common name has at most 64 characters (RFC 5280, appendix A), of
// which the role of the certificate takes 16.
func checkName(v string) error {
	if v == "" || !utf8.ValidString(v) || utf8.RuneCountInString(v) > 40 {
		return errors.New("empty or too long")
	}
	for _, r := range v {
		if !unicode.IsPrint(r) {
			return errors.New("not printable")
		}
	}
	return nil
}
