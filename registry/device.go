package registry

import (
	"context"
	"strings"
)

type deviceKey struct{}

// WithDevice puts what a browser says of itself (User-Agent) into a context, for the
// sessions that begin under it.
func WithDevice(ctx context.Context, userAgent string) context.Context {
	return context.WithValue(ctx, deviceKey{}, userAgent)
}

// Device is where a session began, as coarse as its owner needs to know it again.
// What is not known is empty.
type Device struct {
	Browser string // Firefox
	System  string // Android
}

func (d Device) text() string {
	if d == (Device{}) {
		return ""
	}
	return d.Browser + "/" + d.System
}

func readDevice(text string) Device {
	browser, system, _ := strings.Cut(text, "/")
	return Device{browser, system}
}

// DeviceOf reads what the browser said of itself, by WithDevice; only names of our own
// list come out.
func DeviceOf(ctx context.Context) Device {
	agent, _ := ctx.Value(deviceKey{}).(string)
	return parseDevice(cut(agent, 400))
}

// parseDevice looks for the first sign that is there: most browsers also name those
// whose pages they want to be shown.
func parseDevice(agent string) Device {
	find := func(signs ...[2]string) string {
		for _, s := range signs {
			if strings.Contains(agent, s[0]) {
				return s[1]
			}
		}
		return ""
	}
	return Device{
		Browser: find([2]string{"Edg", "Edge"}, [2]string{"OPR/", "Opera"}, [2]string{"SamsungBrowser", "Samsung Internet"}, [2]string{"UCBrowser", "UC Browser"},
			[2]string{"FxiOS", "Firefox"}, [2]string{"Firefox", "Firefox"}, [2]string{"CriOS", "Chrome"}, [2]string{"Chromium", "Chromium"},
			[2]string{"Chrome", "Chrome"}, [2]string{"Safari", "Safari"}),
		System: find([2]string{"iPhone", "iPhone"}, [2]string{"iPad", "iPad"}, [2]string{"KAIOS", "KaiOS"}, [2]string{"Android", "Android"},
			[2]string{"Windows", "Windows"}, [2]string{"CrOS", "ChromeOS"}, [2]string{"Mac OS X", "macOS"}, [2]string{"Linux", "Linux"}),
	}
}
