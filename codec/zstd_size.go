package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// zstdMaxBlock is how much the content of a block may be.
const zstdMaxBlock = 128 << 10

var errZstdEnd = fmt.Errorf("zstd: the data end within a frame: %w", io.ErrUnexpectedEOF)

// zstdSize returns how much the frames of src can decompress to, by the headers
// of their blocks, and whether it is the exact length, by the headers of the
// frames. A frame that promises what its blocks cannot hold is an error: nobody
// need allocate for it. So is what is not whole frames, one of which has content:
// others can be skipped, in front of it and after it.
func zstdSize(src []byte) (most int64, exact bool, err error) {
	exact = true
	frames := 0
	for len(src) > 0 {
		var h zstd.Header
		if err := h.Decode(src); err != nil {
			return 0, false, fmt.Errorf("zstd: the header of a frame: %w", err)
		}
		src = src[h.HeaderSize:]
		if h.Skippable {
			if int64(h.SkippableSize) > int64(len(src)) {
				return 0, false, errZstdEnd
			}
			src = src[h.SkippableSize:]
			continue
		}
		var blocks int64
		if blocks, src, err = zstdBlocks(src); err != nil {
			return 0, false, err
		}
		if h.HasCheckSum {
			if len(src) < 4 {
				return 0, false, errZstdEnd
			}
			src = src[4:]
		}
		if !h.HasFCS {
			exact = false
		} else if h.FrameContentSize > uint64(blocks) {
			return 0, false, errors.New("zstd: a frame promises more than its blocks hold")
		} else {
			blocks = int64(h.FrameContentSize)
		}
		frames++
		most += blocks
	}
	if frames == 0 {
		return 0, false, fmt.Errorf("zstd: there is no frame: %w", io.ErrUnexpectedEOF)
	}
	return most, exact, nil
}

// zstdBlocks returns what the blocks of a frame decompress to at most, and
// what follows them.
func zstdBlocks(src []byte) (most int64, rest []byte, err error) {
	for {
		if len(src) < 3 {
			return 0, nil, errZstdEnd
		}
		header := uint32(src[0]) | uint32(binary.LittleEndian.Uint16(src[1:]))<<8
		size := int(header >> 3)
		src = src[3:]
		content := min(int64(size), zstdMaxBlock)
		switch header >> 1 & 3 {
		case 0: // as it is
		case 1: // one byte, again and again
			size = 1
		case 2:
			content = zstdMaxBlock
		default:
			return 0, nil, errors.New("zstd: a block of a kind that there is not")
		}
		if size > len(src) {
			return 0, nil, errZstdEnd
		}
		src = src[size:]
		most += content
		if header&1 != 0 {
			return most, src, nil
		}
	}
}
