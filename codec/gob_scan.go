package codec

import (
	"fmt"
	"io"
)

var errGobEnd = fmt.Errorf("gob: the data end within a message: %w", io.ErrUnexpectedEOF)

// scanGob returns an error unless data are whole messages: gob would allocate
// 10 MiB for one that only says that it is long.
func scanGob(data []byte) error {
	for len(data) > 0 {
		// An integer is a byte below 128, or the negative number of the bytes
		// that follow, which hold it.
		n := uint64(data[0])
		data = data[1:]
		if n > 0x7f {
			size := 0x100 - int(n)
			if size > min(8, len(data)) {
				return errGobEnd
			}
			n = 0
			for _, b := range data[:size] {
				n = n<<8 | uint64(b)
			}
			data = data[size:]
		}
		if n > uint64(len(data)) {
			return errGobEnd
		}
		data = data[n:]
	}
	return nil
}
