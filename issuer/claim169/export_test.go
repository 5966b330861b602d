package claim169

// What tests need of the inside: the text of bytes, and claims that nobody signed,
// which the published vectors mostly have.

func Pack(token []byte) string { text, _ := pack(token); return text }

func Encode45(data []byte) string { return encode45(data) }

func Decode45(text string) ([]byte, bool, error) { return decode45(text) }

func Unpack(text string) ([]byte, error) { return unpack(text) }

func (c *Code) Unverified() (Content, error) { return c.content() }

const MaxText, MaxInflated = maxText, maxInflated
