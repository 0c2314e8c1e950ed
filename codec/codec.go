package codec

// A Codec encodes the values of a cache.
//
// More can be told by optional methods, each used through the function of the
// same name: [ContentType], [CheckType], [Deterministic].
type Codec interface {
	// Name is stored beside what Append wrote, so that no other codec reads it.
	// It has lower-case letters, digits and '-', and never changes.
	Name() string

	// Append appends the encoding of the value that v points to, and returns the
	// longer slice. With an error, it returns dst as it was. What it appends
	// keeps nothing of the value.
	Append(dst []byte, v any) ([]byte, error)

	// Decode sets what v points to, whatever it was before, to the value that
	// data encodes; with an error, to its zero value. It keeps nothing of data,
	// and data that goes on after the value is an error. Data may come from
	// anybody: Decode does not panic.
	Decode(data []byte, v any) error
}
