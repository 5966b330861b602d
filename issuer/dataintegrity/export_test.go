package dataintegrity

var (
	EncodeBase58 = encodeBase58
	DecodeBase58 = decodeBase58
	HashData     = hashData
)
