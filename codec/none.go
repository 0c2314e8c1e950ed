package codec

// None is the compression that leaves bytes as they are: what to configure
// where the default would compress. [Shrink] never reports that it compressed.
var None Compression = none{}

type none struct{}

func (none) Name() string { return "none" }

func (none) Compress(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }

func (none) Decompress(dst, src []byte, limit int64) ([]byte, error) {
	if limit = sensible(limit); int64(len(src)) > limit {
		return dst, tooLarge(limit)
	}
	return append(dst, src...), nil
}
