// Package rest is the REST interface of the registry, under /api/v1: one file
// per concept, whose handlers bind, call the registry and respond. exchange.go
// holds what all of them share: the actor, ids in paths, If-Match and ETag,
// pages with Link (RFC 8288), JSON Merge Patch (RFC 7396).
//
// It decides nothing: who may do what, and what is a good value, is the
// registry's to say. The bodies are described in api/openapi.yaml.
package rest
