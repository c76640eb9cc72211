//go:build race

package server_test

// underRace is how many more allocations a request may take with the race detector, which makes pools drop some of what
// they are given.
const underRace = 10
