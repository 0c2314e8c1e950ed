package codec

// ContentTyper is implemented by codecs whose encodings have a media type of
// their own.
type ContentTyper interface {
	ContentType() string
}

// ContentType returns the media type of what c encodes, such as
// "application/json"; "application/octet-stream" where c does not say.
func ContentType(c Codec) string {
	if t, ok := c.(ContentTyper); ok {
		return t.ContentType()
	}
	return "application/octet-stream"
}
