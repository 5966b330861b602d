package sdjwt

var Digest = digest
