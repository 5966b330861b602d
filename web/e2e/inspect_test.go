package e2e_test

import (
	"fmt"
	"strings"
)

// inspect looks for everything that is wrong with the page as it stands: what
// axe finds, text that is cut off or sticks out, a page wider than the screen,
// words that are missing. It gives one line per finding.
func (x *tab) inspect() []string {
	x.t.Helper()
	x.scripts(true) // the page is loaded: only our own code runs from here
	defer x.scripts(x.v.scripts)
	findings := eval[[]string](x, layout)
	for _, v := range eval[[]violation](x, world.axe+";"+runAxe) {
		findings = append(findings, fmt.Sprintf("axe %s: %s: %s", v.ID, v.Help, strings.Join(v.Nodes, " | ")))
	}
	return findings
}

// check fails with what inspect finds. With scripts, the page is looked at in the
// dark as well: nothing differs there but colours.
func (x *tab) check(name string) {
	x.t.Helper()
	x.picture(name)
	for _, finding := range append(x.inspect(), x.heard()...) {
		x.t.Errorf("%s, %s: %s", x.v, name, finding)
	}
	if !x.v.scripts {
		return
	}
	x.colours("dark")
	defer x.colours("light")
	x.picture(name + ".dark")
	for _, v := range eval[[]violation](x, runContrast) {
		x.t.Errorf("%s, %s in the dark: axe %s: %s: %s", x.v, name, v.ID, v.Help, strings.Join(v.Nodes, " | "))
	}
}

type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

// runAxe asks for what is wrong by all rules; runContrast for colours alone, on a
// page where axe is there already.
const (
	runAxe      = `axe.run(document, {resultTypes: ["violations"], preload: false, runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})` + asLines
	runContrast = `axe.run(document, {resultTypes: ["violations"], preload: false, runOnly: {type: "rule", values: ["color-contrast"]}})` + asLines
	asLines     = `
  .then(r => r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.target.join(" ") + " " + n.html.slice(0, 160))})))`
)

// layout finds text that is cut off or sticks out. An element whose content is
// wider than itself is a finding, whatever its overflow; so is text that leaves
// the screen or a box that clips.
const layout = `(() => {
  const out = [], root = document.documentElement;
  const name = el => el.tagName.toLowerCase() + (el.className && el.className.baseVal === undefined ? "." + el.className : "") + " " + JSON.stringify(el.textContent.trim().slice(0, 60));
  if (root.scrollWidth > root.clientWidth) out.push("the page is " + (root.scrollWidth - root.clientWidth) + " px wider than the screen");
  if (/\[[a-z_]+\.[a-z_./]*\]|ZgotmplZ|<no value>|%!/.test(document.documentElement.outerHTML)) out.push("words are missing: " + document.documentElement.outerHTML.match(/\[[a-z_]+\.[a-z_./]*\]|ZgotmplZ|<no value>|%!/)[0]);
  for (const el of document.body.querySelectorAll("*")) {
    if (el.closest("svg, script, noscript, select, .hidden, .skip") || el.matches("input, textarea, select, option")) continue;
    const style = getComputedStyle(el), box = el.getBoundingClientRect();
    if (style.visibility === "hidden" || box.width === 0 || box.height === 0) continue;
    if (el.closest("thead") && getComputedStyle(el.closest("thead")).position === "absolute") continue;
    if (el.closest("details:not([open])") && !el.closest("summary")) continue;
    if (el.clientWidth > 0 && el.scrollWidth > el.clientWidth + 1) out.push("content is " + (el.scrollWidth - el.clientWidth) + " px wider than its box: " + name(el));
    if (el.clientHeight > 0 && el.scrollHeight > el.clientHeight + 1 && /hidden|clip/.test(style.overflowY)) out.push("content is " + (el.scrollHeight - el.clientHeight) + " px higher than its box: " + name(el));
    for (const node of el.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const r of range.getClientRects()) {
        if (r.left < -1 || r.right > root.clientWidth + 1) { out.push("text leaves the screen: " + name(el)); break; }
        let up = el, bad = "";
        for (; up && up !== document.body; up = up.parentElement) {
          const s = getComputedStyle(up), b = up.getBoundingClientRect();
          if (/hidden|clip|auto|scroll/.test(s.overflowX) && (r.left < b.left - 1 || r.right > b.right + 1)) { bad = name(up); break; }
        }
        if (bad) { out.push("text is cut off: " + name(el) + " in " + bad); break; }
      }
    }
  }
  return [...new Set(out)];
})()`
