package main

import (
	"bytes"
	"errors"

	"socialregistry/web"
)

// themeSettings are about how the pages look.
func themeSettings() []setting {
	return []setting{
		{"SR_THEME_NAME", "", "use a name of 1 to 40 characters, or one for each language as en=NAME; sw=NAME", func(c *Config, v string) error {
			c.ThemeNames = v
			_, err := web.ParseThemeNames(v)
			return err
		}},
		{"SR_THEME_LOGO", "", "use the name of an SVG file without scripts, styles and outside addresses, of at most 128 KiB", func(c *Config, v string) error {
			c.ThemeLogo = v
			_, err := readThemeLogo(v)
			return err
		}},
		{"SR_CONTACT", "", "use one line of at most 200 characters, as Ministry of Social Affairs, +254 20 555 0100, help@registry.example", func(c *Config, v string) error {
			c.Contact = v
			return web.CheckContact(v)
		}},
		{"SR_THEME_COLOURS", "", "use three colours as #0f4c4a,#0b3837,#ffbf3c: brand, dark brand and mark, each with a contrast of 4.5 to its text", func(c *Config, v string) error {
			c.ThemeColours = v
			_, err := web.ParseColours(v)
			return err
		}},
	}
}

// readThemeLogo reads a drawing that runs and fetches nothing; nil for none.
func readThemeLogo(path string) ([]byte, error) {
	body, err := readLogo(path)
	if err == nil && body != nil && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		err = errors.New("not SVG")
	}
	return body, err
}

// theme is what the settings make of the pages' look.
func theme(c Config) (t web.Theme, err error) {
	if t.Names, err = web.ParseThemeNames(c.ThemeNames); err != nil {
		return t, err
	}
	if t.Colours, err = web.ParseColours(c.ThemeColours); err != nil {
		return t, err
	}
	t.Logo, err = readThemeLogo(c.ThemeLogo)
	return t, err
}
