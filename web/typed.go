package web

import (
	"errors"
	"strconv"
	"time"
)

// wholeNumber reads a version, a position or a number of an address: none of ours is
// below zero, or above what 31 bits hold.
func wholeNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// dayOf reads a day as 2026-01-31, of the years from 1.
func dayOf(text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err == nil && day.Year() < 1 {
		err = errors.New("a day before the years")
	}
	return day, err
}

// momentOf reads a day as dayOf does, or a moment as RFC 3339 writes it.
func momentOf(text string) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil && at.Year() > 0 {
		return at, nil
	}
	return dayOf(text)
}
