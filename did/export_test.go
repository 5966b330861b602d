package did

// KeyOf decodes a verification method.
var KeyOf = keyOf
