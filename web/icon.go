package web

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
)

// icon gives one of our own drawings, 16 units square, in the colour of the
// text around it. They are decoration: the word beside them says the same.
func icon(name string) (template.HTML, error) {
	shape, ok := iconShapes()[name]
	if !ok {
		return "", fmt.Errorf("no icon %q", name)
	}
	return template.HTML(`<svg class="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">` + shape + `</svg>`), nil
}

// iconShapes are the drawings by name.
func iconShapes() map[string]string {
	return map[string]string{
		"check":   `<path d="M2 8.5l4 4 8-9"/>`,
		"cross":   `<path d="M3 3l10 10M13 3L3 13"/>`,
		"clock":   `<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 2"/>`,
		"changed": `<path d="M3 8a5 5 0 018.5-3.5L13 6M13 2v4H9M13 8a5 5 0 01-8.5 3.5L3 10M3 14v-4h4"/>`,
		"minus":   `<path d="M3 8h10"/>`,
		"alert":   `<path d="M8 2l6.5 11.5h-13z"/><path d="M8 6.5v3M8 11.6v.1"/>`,
		"out":     `<path d="M6 3H3v10h3M7 8h7M11 5l3 3-3 3"/>`,
		"card":    `<rect x="1.5" y="3" width="13" height="10" rx="1.5"/><path d="M1.5 6.5h13M4 10h3"/>`,
		"phone":   `<rect x="4" y="1.5" width="8" height="13" rx="1.5"/><path d="M7 12h2"/>`,
		"person":  `<circle cx="8" cy="5" r="3"/><path d="M2.5 14a5.5 5.5 0 0111 0"/>`,
		"search":  `<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/>`,
		"upload":  `<path d="M8 11V2M4.5 5.5L8 2l3.5 3.5M2 11v3h12v-3"/>`,
		"pencil":  `<path d="M2.5 13.5l.7-3L11 2.7l2.3 2.3-7.8 7.8z"/>`,
		"key":     `<circle cx="5" cy="11" r="3"/><path d="M7.2 8.8L14 2M11 5l2 2"/>`,
		"home":    `<path d="M2 7.5L8 2.5l6 5M3.5 6.5V13.5h9V6.5M6.5 13.5V9.5h3v4"/>`,
		"share":   `<circle cx="4" cy="8" r="2"/><circle cx="12" cy="3.5" r="2"/><circle cx="12" cy="12.5" r="2"/><path d="M5.8 7L10.2 4.5M5.8 9l4.4 2.5"/>`,
		"letter":  `<rect x="1.5" y="3" width="13" height="10" rx="1.5"/><path d="M2 4.5l6 4.5 6-4.5"/>`,
		"globe":   `<circle cx="8" cy="8" r="6.2"/><path d="M1.8 8h12.4M8 1.8c2 1.8 2.8 3.9 2.8 6.2S10 12.4 8 14.2C6 12.4 5.2 10.3 5.2 8S6 3.6 8 1.8"/>`,
		"menu":    `<path d="M2 4h12M2 8h12M2 12h12"/>`,
		"print":   `<path d="M4 6V2h8v4M4 12H2V6h12v6h-2M4 10h8v4H4z"/>`,
	}
}

// iconNames are all of them, in order.
func iconNames() []string { return slices.Sorted(maps.Keys(iconShapes())) }
