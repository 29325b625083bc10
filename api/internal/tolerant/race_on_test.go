//go:build race

package tolerant

const raceDetector = true
