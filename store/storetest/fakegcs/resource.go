package fakegcs

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// resource is an object as the JSON API writes it. What GCS sends, but no client
// that reads bodies needs, is missing: ACLs and owners.
type resource struct {
	Kind                    string            `json:"kind,omitempty"`
	ID                      string            `json:"id,omitempty"`
	SelfLink                string            `json:"selfLink,omitempty"`
	MediaLink               string            `json:"mediaLink,omitempty"`
	Name                    string            `json:"name,omitempty"`
	Bucket                  string            `json:"bucket,omitempty"`
	Generation              string            `json:"generation,omitempty"`
	Metageneration          string            `json:"metageneration,omitempty"`
	ContentType             string            `json:"contentType,omitempty"`
	ContentEncoding         string            `json:"contentEncoding,omitempty"`
	ContentLanguage         string            `json:"contentLanguage,omitempty"`
	ContentDisposition      string            `json:"contentDisposition,omitempty"`
	CacheControl            string            `json:"cacheControl,omitempty"`
	StorageClass            string            `json:"storageClass,omitempty"`
	CustomTime              string            `json:"customTime,omitempty"`
	Size                    string            `json:"size,omitempty"`
	MD5Hash                 string            `json:"md5Hash,omitempty"`
	CRC32C                  string            `json:"crc32c,omitempty"`
	Etag                    string            `json:"etag,omitempty"`
	TimeCreated             string            `json:"timeCreated,omitempty"`
	Updated                 string            `json:"updated,omitempty"`
	TimeStorageClassUpdated string            `json:"timeStorageClassUpdated,omitempty"`
	TimeFinalized           string            `json:"timeFinalized,omitempty"`
	Metadata                map[string]string `json:"metadata,omitempty"`
	unsupported
}

// unsupported are fields that mean something that the server does not do.
type unsupported struct {
	TemporaryHold  bool            `json:"temporaryHold,omitempty"`
	EventBasedHold bool            `json:"eventBasedHold,omitempty"`
	Retention      json.RawMessage `json:"retention,omitempty"`
	Contexts       json.RawMessage `json:"contexts,omitempty"`
}

const (
	standard    = "STANDARD"
	maxMetadata = 8 << 10
	endpoint    = "https://storage.googleapis.com"
	jsonTime    = "2006-01-02T15:04:05.000Z"
)

var storageClasses = []string{
	"", standard, "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL", "DURABLE_REDUCED_AVAILABILITY",
}

// resource returns the object as it is answered.
func (obj *Object) resource(bucket, name string) *resource {
	generation := strconv.FormatInt(obj.Generation, 10)
	self := "/storage/v1/b/" + url.PathEscape(bucket) + "/o/" + url.PathEscape(name)
	r := &resource{
		Kind:                    "storage#object",
		ID:                      bucket + "/" + name + "/" + generation,
		SelfLink:                endpoint + self,
		MediaLink:               endpoint + "/download" + self + "?generation=" + generation + "&alt=media",
		Name:                    name,
		Bucket:                  bucket,
		Generation:              generation,
		Metageneration:          strconv.FormatInt(obj.Metageneration, 10),
		ContentType:             obj.ContentType,
		ContentEncoding:         obj.ContentEncoding,
		ContentLanguage:         obj.ContentLanguage,
		ContentDisposition:      obj.ContentDisposition,
		CacheControl:            obj.CacheControl,
		StorageClass:            obj.class(),
		Size:                    strconv.Itoa(len(obj.Body)),
		MD5Hash:                 obj.MD5,
		CRC32C:                  obj.CRC32C,
		Etag:                    obj.etag(),
		TimeCreated:             obj.Created.UTC().Format(jsonTime),
		Updated:                 obj.Updated.UTC().Format(jsonTime),
		TimeStorageClassUpdated: obj.Created.UTC().Format(jsonTime),
		TimeFinalized:           obj.Created.UTC().Format(jsonTime),
		Metadata:                obj.Metadata,
	}
	if !obj.CustomTime.IsZero() {
		r.CustomTime = obj.CustomTime.UTC().Format(jsonTime)
	}
	return r
}

// parseResource reads what a request says of an object; nothing is nothing.
func parseResource(data []byte) (r resource, err error) {
	if len(data) == 0 {
		return r, nil
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, errParse.saying("Parse Error: %v", err)
	}
	return r, r.supported()
}

func (u *unsupported) supported() error {
	if u.TemporaryHold || u.EventBasedHold || given(u.Retention) || given(u.Contexts) {
		return errNotImplemented.saying("Holds, retention and contexts are not implemented.")
	}
	return nil
}

func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != null }

const null = "null"

// object returns the object that a resource describes: all but its body.
func (r *resource) object() (*Object, error) {
	obj := &Object{
		ContentType:        r.ContentType,
		ContentEncoding:    r.ContentEncoding,
		ContentLanguage:    r.ContentLanguage,
		ContentDisposition: r.ContentDisposition,
		CacheControl:       r.CacheControl,
		StorageClass:       r.StorageClass,
		Metadata:           r.Metadata,
	}
	if !slices.Contains(storageClasses, r.StorageClass) {
		return nil, errInvalid.saying("Invalid argument: storage class %q", r.StorageClass)
	}
	if r.CustomTime != "" {
		at, err := parseTime(r.CustomTime)
		if err != nil {
			return nil, err
		}
		obj.CustomTime = at
	}
	return obj, obj.checkMetadata()
}

// parseTime reads an instant. GCS keeps milliseconds of it.
func parseTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, errInvalid.saying("Invalid value for: %q is not a valid timestamp", text)
	}
	return at.UTC().Truncate(time.Millisecond), nil
}

// checkMetadata holds the limit of custom metadata: of names and values together.
func (obj *Object) checkMetadata() error {
	size := 0
	for name, value := range obj.Metadata {
		if name == "" {
			return errInvalid.saying("Invalid argument: a metadata key is empty.")
		}
		size += len(name) + len(value)
	}
	if size > maxMetadata {
		return errInvalid.saying("The custom metadata has %d bytes; the limit is %d.", size, maxMetadata)
	}
	return nil
}
