// Package schema checks values against JSON Schemas, draft 2020-12, by
// santhosh-tekuri/jsonschema.
//
// It is pure: nothing is ever fetched. A schema stands alone: references
// ($ref, $dynamicRef and the names they go by) are refused, so that checking a
// value costs no more than the size of the schema times that of the value.
// Patterns are RE2, which has no slow ones. format is asserted.
package schema
