// Package fakegcs is x.
package fakegcs
