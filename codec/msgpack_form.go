package codec

// A msgpackForm says what follows a code.
type msgpackForm struct {
	kind  msgpackKind
	size  uint8 // of the length that follows, in bytes
	fixed uint8 // what is to be added to that length, or is the length
}

type msgpackKind uint8

const (
	msgpackNone   msgpackKind = iota
	msgpackScalar             // its length is in bytes
	msgpackArray              // in values
	msgpackMap                // in pairs of values
	msgpackExt                // in bytes, after one for the type
)

var msgpackForms = func() (forms [256]msgpackForm) {
	for first, f := range map[int]msgpackForm{
		0xc0: {kind: msgpackScalar},                                                           // nil
		0xc2: {kind: msgpackScalar},                                                           // false
		0xc3: {kind: msgpackScalar},                                                           // true
		0xc4: {msgpackScalar, 1, 0}, 0xc5: {msgpackScalar, 2, 0}, 0xc6: {msgpackScalar, 4, 0}, // bin
		0xc7: {msgpackExt, 1, 0}, 0xc8: {msgpackExt, 2, 0}, 0xc9: {msgpackExt, 4, 0}, // ext
		0xca: {msgpackScalar, 0, 4}, 0xcb: {msgpackScalar, 0, 8}, // float
		0xcc: {msgpackScalar, 0, 1}, 0xcd: {msgpackScalar, 0, 2}, 0xce: {msgpackScalar, 0, 4}, 0xcf: {msgpackScalar, 0, 8}, // uint
		0xd0: {msgpackScalar, 0, 1}, 0xd1: {msgpackScalar, 0, 2}, 0xd2: {msgpackScalar, 0, 4}, 0xd3: {msgpackScalar, 0, 8}, // int
		0xd4: {msgpackExt, 0, 1}, 0xd5: {msgpackExt, 0, 2}, 0xd6: {msgpackExt, 0, 4}, 0xd7: {msgpackExt, 0, 8}, 0xd8: {msgpackExt, 0, 16}, // fixext
		0xd9: {msgpackScalar, 1, 0}, 0xda: {msgpackScalar, 2, 0}, 0xdb: {msgpackScalar, 4, 0}, // str
		0xdc: {msgpackArray, 2, 0}, 0xdd: {msgpackArray, 4, 0},
		0xde: {msgpackMap, 2, 0}, 0xdf: {msgpackMap, 4, 0},
	} {
		forms[first] = f
	}
	for n := range uint8(0x20) {
		forms[0xa0+int(n)] = msgpackForm{msgpackScalar, 0, n} // short strings
		forms[0xe0+int(n)] = msgpackForm{kind: msgpackScalar} // small negative integers
	}
	for n := range uint8(0x10) {
		forms[0x80+int(n)] = msgpackForm{msgpackMap, 0, n}
		forms[0x90+int(n)] = msgpackForm{msgpackArray, 0, n}
	}
	for c := range 0x80 {
		forms[c] = msgpackForm{kind: msgpackScalar} // small integers
	}
	return forms
}()
