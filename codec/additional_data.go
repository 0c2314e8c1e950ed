package codec

import "encoding/binary"

// AdditionalData returns the additional data by which a sealed value is bound to
// its place: the key of the cache, the hash of the content and the encoding. A
// value moved to another key, or said to be encoded otherwise, does not open.
// Each part has its length in front, so that no two places give the same data.
func AdditionalData(key string, hash []byte, encoding string) []byte {
	b := make([]byte, 0, 3*8+len(key)+len(hash)+len(encoding))
	b = append(binary.BigEndian.AppendUint64(b, uint64(len(key))), key...)
	b = append(binary.BigEndian.AppendUint64(b, uint64(len(hash))), hash...)
	return append(binary.BigEndian.AppendUint64(b, uint64(len(encoding))), encoding...)
}
