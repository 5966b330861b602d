package main

import (
	"io"
	"log/slog"
	"regexp"
)

// notLogged stands where an attribute was that no rule lets into the log.
const notLogged = "[not logged]"

// newLog makes the one logger of the program. No personal data gets through it:
// an attribute is written only if loggable knows its key, and the words of an
// error are written without what they quote.
func newLog(w io.Writer, c Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: private}
	if c.LogJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// private is the rule for each attribute.
func private(groups []string, a slog.Attr) slog.Attr {
	switch {
	case len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey):
		return a
	case a.Key == "error":
		return slog.String(a.Key, scrub(a.Value.String()))
	case loggable(a.Key):
		return a
	default:
		return slog.String(a.Key, notLogged)
	}
}

// loggable lists the attributes that hold no personal data by their nature. A new
// one is added here with a thought: names, numbers of people, tokens and raw
// paths never.
func loggable(key string) bool {
	switch key {
	case "method", "route", "status", "duration", "request_id", "bytes", "stack", // requests
		"code", "kind", "reason", // failures
		"address", "url", "database", "version", "signal", // the server itself
		"job", "job_kind", "attempt", "worker", "state", "done", "total", // background work
		"entries", "withdrawn", "offered", "rows", "created", "updated", "failed", "batch", // counts
		"kid", "alg", "generation", "issuer":
		return true
	}
	return false
}

// What an error may quote: a text in quotes, a key of a database error, a long
// number, a long token.
var (
	quotedText = regexp.MustCompile(`"[^"]*"|'[^']*'|` + "`[^`]*`" + `|=\([^)]*\)`)
	longToken  = regexp.MustCompile(`[0-9]{5,}|[A-Za-z0-9_-]{28,}|[A-Za-z0-9_-]*(?:%[0-9A-Fa-f]{2}){2,}\S*`)
)

// scrub takes out of the words of an error what it may have quoted.
func scrub(words string) string {
	return longToken.ReplaceAllString(quotedText.ReplaceAllString(words, "…"), "…")
}
