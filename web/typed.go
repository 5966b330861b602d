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
