package fakegcs

import "testing"

// The example is from the documentation of the JSON API.
func TestETag(t *testing.T) {
	obj := Object{Generation: 1418688703353000, Metageneration: 1}
	want(t, "ETag", obj.etag(), "CKih16GjycICEAE=")
}

func TestBucketNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"abc": true, "a-b_c.d": true, "1a2": true, "ab": false, "Abc": false, "-ab": false, "ab.": false, "a b": false,
		"a12345678901234567890123456789012345678901234567890123456789012":     true,
		"a123456789012345678901234567890123456789012345678901234567890123":    false,
		"a12345678901234567890123456789012345678901234567890123456789012.com": true,
	} {
		want(t, name, isBucketName(name), ok)
	}
}
