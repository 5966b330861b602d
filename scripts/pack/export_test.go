package main

type File struct {
	Name       string
	Content    string
	Executable bool
}

var (
	Run        = run
	LicencesIn = licencesIn
	Escaped    = escaped
	WriteTar   = writeTar
	WriteZip   = writeZip
)

func Files(list ...File) (out []file) {
	for _, f := range list {
		out = append(out, file{f.Name, []byte(f.Content), f.Executable})
	}
	return out
}
