// Package e2e drives the pages in a real browser against a real server process:
// every page in every language, on a wide and on a narrow screen, with scripts
// and without, and the ways that people take through them. It is a module of its
// own, so that the service does not depend on a browser's driver.
package e2e
