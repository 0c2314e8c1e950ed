package fakes3

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

const xmlType = "application/xml"

// document writes XML as S3 does: with character references for the control
// characters that XML 1.0 does not have, which parsers refuse and package
// encoding/xml would replace.
type document struct {
	strings.Builder
	open []string
}

// newDocument begins a document of the namespace of S3.
func newDocument(root string) *document {
	d := &document{}
	d.WriteString(xml.Header + "<" + root + ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
	d.open = append(d.open, root)
	return d
}

func (d *document) start(name string) {
	d.WriteString("<" + name + ">")
	d.open = append(d.open, name)
}

func (d *document) end() {
	last := len(d.open) - 1
	d.WriteString("</" + d.open[last] + ">")
	d.open = d.open[:last]
}

// text writes an element with a text.
func (d *document) text(name, value string) {
	d.start(name)
	for _, r := range value {
		switch {
		case r == '&':
			d.WriteString("&amp;")
		case r == '<':
			d.WriteString("&lt;")
		case r == '>':
			d.WriteString("&gt;")
		case r == '"':
			d.WriteString("&quot;")
		case r < ' ' || r == 0xFFFE || r == 0xFFFF:
			d.WriteString("&#x" + strconv.FormatInt(int64(r), 16) + ";")
		default:
			d.WriteRune(r)
		}
	}
	d.end()
}

// some writes an element if there is something in it.
func (d *document) some(name, value string) {
	if value != "" {
		d.text(name, value)
	}
}

func (d *document) number(name string, n int64) { d.text(name, strconv.FormatInt(n, 10)) }

func (d *document) truth(name string, is bool) { d.text(name, strconv.FormatBool(is)) }

// answer ends the document and makes an answer of it.
func (d *document) answer(header http.Header) *answer {
	for len(d.open) > 0 {
		d.end()
	}
	if header == nil {
		header = make(http.Header)
	}
	header.Set("Content-Type", xmlType)
	return &answer{status: http.StatusOK, header: header, body: []byte(d.String())}
}

// answer is the error as an answer.
func (e *apiError) answer(c *call) *answer {
	d := &document{}
	d.WriteString(xml.Header)
	d.start("Error")
	d.text("Code", e.code)
	d.text("Message", e.message)
	for _, more := range e.details {
		d.text(more.name, more.value)
	}
	d.text("Resource", c.req.URL.Path)
	d.text("RequestId", c.id)
	d.text("HostId", c.id+c.id)
	a := d.answer(nil)
	a.status = e.status
	if e.status == http.StatusServiceUnavailable || e.status == http.StatusInternalServerError {
		// As S3: the connection is not worth keeping.
		a.header.Set("Connection", "close")
	}
	return a
}

// parse reads the XML of a request.
func parse(data []byte, into any) error {
	if err := xml.Unmarshal(data, into); err != nil {
		return errMalformedXML
	}
	return nil
}
