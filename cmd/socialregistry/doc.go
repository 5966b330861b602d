// Command socialregistry is the server and its tools. It is the only place that
// builds the parts together (wire.go): settings come from config.go, and every
// command is one file with a struct that kong fills and a Run method.
package main
