module github.com/semamap/semamap/internal/vec/_gen

go 1.26.0

require (
	github.com/mmcloughlin/avo v0.6.0 // indirect
	golang.org/x/tools v0.40.0 // indirect
)
