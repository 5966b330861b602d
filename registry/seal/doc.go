// Package seal protects the values of one person's record: a key per record
// that seals values (AES-256-GCM), blind indexes that find a person by a sealed
// value, and keyed hashes that tell whether a value or a record has changed.
//
// It is pure: it knows neither the database nor the definitions of fields, and
// it keeps nothing. All keys come from the master key, each for one purpose.
//
// What a thief could do: with the database alone, nothing here can be read or
// guessed. With the database and the master key, everything can. With a backup
// of everything but the table of record keys, sealed values stay unreadable
// even to the holder of the master key; that is how one person is erased.
package seal
