package codec

// What [Shrink] leaves alone: for a small object a compressed form saves no
// packet and no block, and what saves little is not worth its decompression.
const (
	shrinkMin     = 512 // bytes
	shrinkPercent = 5
)

// Shrink appends the compressed form of src to dst where that pays: src has at
// least 512 bytes, and 5 % of them are saved. Otherwise compressed is false, and
// out is dst as it was: src is to be kept as it is.
func Shrink(c Compression, dst, src []byte) (out []byte, compressed bool, err error) {
	if c == nil || c == None || len(src) < shrinkMin {
		return dst, false, nil
	}
	out, err = c.Compress(dst, src)
	if err != nil {
		return dst, false, err
	}
	if saved := len(src) - (len(out) - len(dst)); int64(saved)*100 < int64(len(src))*shrinkPercent {
		return out[:len(dst)], false, nil
	}
	return out, true, nil
}
