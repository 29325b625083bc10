package tolerant

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSameName(t *testing.T) {
	names := []string{"", "Inn", "INN", "inn", "Ind", "Label", "label", "@abel", "ИНН", "инн", "Рубль", "рубль", "a", "A", "[", "{"}
	for _, a := range names {
		for _, b := range names {
			require.Equal(t, strings.EqualFold(a, b), sameName(a, b), "%q %q", a, b)
		}
	}
}
