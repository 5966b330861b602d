// Package chromium opens a page in a browser without a window, for tests whose script in
// the page tells what came of it over HTTP.
package chromium
