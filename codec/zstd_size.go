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

// zstdSize returns how much the frames of src decompress to, at least and at
// most: where the frames say so, the same. A frame that promises what its blocks
// cannot hold is an error: nobody need allocate for it. So is what is not whole
// frames, one of which has content: others, which can be skipped, may stand in
// front of it and after it.
func zstdSize(src []byte) (least, most int64, err error) {
	frames := 0
	for len(src) > 0 {
		var h zstd.Header
		if err := h.Decode(src); err != nil {
			return 0, 0, fmt.Errorf("zstd: the header of a frame: %w", err)
		}
		src = src[h.HeaderSize:]
		if h.Skippable {
			if int64(h.SkippableSize) > int64(len(src)) {
				return 0, 0, errZstdEnd
			}
			src = src[h.SkippableSize:]
			continue
		}
		frames++
		blocksLeast, blocksMost, length, err := zstdBlocks(src)
		if err != nil {
			return 0, 0, err
		}
		if h.HasCheckSum {
			length += 4
		}
		if length > len(src) {
			return 0, 0, errZstdEnd
		}
		src = src[length:]
		if h.HasFCS {
			if h.FrameContentSize > uint64(blocksMost) {
				return 0, 0, errors.New("zstd: a frame promises more than its blocks hold")
			}
			blocksLeast = int64(h.FrameContentSize)
			blocksMost = blocksLeast
		}
		least += blocksLeast
		most += blocksMost
	}
	if frames == 0 {
		return 0, 0, fmt.Errorf("zstd: there is no frame: %w", io.ErrUnexpectedEOF)
	}
	return least, most, nil
}

// zstdBlocks returns what the blocks that src begins with decompress to, at
// least and at most, and how many bytes they are.
func zstdBlocks(src []byte) (least, most int64, length int, err error) {
	for {
		if len(src)-length < 3 {
			return 0, 0, 0, errZstdEnd
		}
		header := int(src[length]) | int(binary.LittleEndian.Uint16(src[length+1:]))<<8
		size := header >> 3
		content := min(int64(size), zstdMaxBlock)
		length += 3
		most += content
		switch header >> 1 & 3 {
		case 0: // as it is
			least += content
		case 1: // one byte, again and again
			least += content
			size = 1
		case 2: // compressed
			most += zstdMaxBlock - content
		default:
			return 0, 0, 0, errors.New("zstd: a block of a kind that there is not")
		}
		if size > len(src)-length {
			return 0, 0, 0, errZstdEnd
		}
		length += size
		if header&1 != 0 {
			return least, most, length, nil
		}
	}
}
