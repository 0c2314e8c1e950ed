// Package objects is what backends over object storage have in common, s3store
// and gcsstore: names of objects, what requests cost, backing off together, and
// the sweep of what is dead. It knows no service.
package objects
