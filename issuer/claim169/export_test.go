package claim169

// What tests need of the inside: Base45 alone, and claims that nobody signed,
// which the published vectors mostly have.

func Encode45(data []byte) string { return encode45(data) }

func Decode45(text string) ([]byte, bool, error) { return decode45(text) }

func (c *Code) Unverified() (Content, error) { return c.content() }

const MaxText, MaxInflated = maxText, maxInflated
