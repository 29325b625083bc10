//go:build !race

package tolerant

const raceDetector = false
