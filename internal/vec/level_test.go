package vec

import "testing"

// Scripts and other tests read the level from this line of -v.
func TestBest(t *testing.T) { t.Logf("level=%v", Best()) }
