package config

import "strings"

// ExampleSecretKey is the key that .env.example shows. Everyone knows it, so only development and test accept it.
const ExampleSecretKey = "replace-this-example-with-the-output-of-openssl-rand-base64-48"

// A key of random bytes, in whichever encoding, stays far beyond these bounds.
const (
	minKeyBytes = 32
	// minOwnBytes is how much must remain of a key without the words that people write when they have no key.
	minOwnBytes = 16
	// minDistinct is how many different bytes must occur in what remains.
	minDistinct = 8
)

// weakness completes the sentence "the key …" where a key is too weak to sign anything; it is empty for a good one. It
// recognises the keys that people write by hand. What it accepts need not be random: only its maker can see to that.
func weakness(key string) string {
	if len(key) < minKeyBytes {
		return "is shorter than 32 bytes"
	}
	if key == ExampleSecretKey {
		return "is the value of .env.example, which everyone knows"
	}
	if repeats(key) {
		return "repeats itself"
	}
	own := withoutWords(key)
	if len(own) < minOwnBytes || distinct(own) < minDistinct {
		return "consists of well-known words or of few different characters"
	}
	if stepwise(own) {
		return "is a sequence of neighbouring characters"
	}
	return ""
}

// repeats reports whether a shorter text, written again and again, gives the key.
func repeats(key string) bool {
	for period := 1; period <= len(key)/2; period++ {
		if key[period:] == key[:len(key)-period] {
			return true
		}
	}
	return false
}

// withoutWords gives the key in lower case without the words of placeholders and the marks between them.
func withoutWords(key string) string {
	words := []string{
		"access", "admin", "app", "base64", "change", "company", "default", "demo", "development",
		"example", "foobar", "generate", "here", "insecure", "interviewer", "jwt", "key", "letmein", "long", "must",
		"openssl", "password", "placeholder", "platform", "please", "prod", "production", "qwerty", "rand", "random",
		"refresh", "replace", "secret", "secure", "sign", "some", "string", "strong", "super", "test", "that", "the",
		"this", "token", "unsafe", "very", "with", "your",
	}
	own := strings.ToLower(key)
	for _, word := range words {
		own = strings.ReplaceAll(own, word, "")
	}
	return strings.NewReplacer("-", "", "_", "", " ", "", ".", "", "!", "").Replace(own)
}

// distinct counts the different bytes of a text.
func distinct(text string) int {
	var seen [256]bool
	n := 0
	for i := range len(text) {
		if !seen[text[i]] {
			seen[text[i]] = true
			n++
		}
	}
	return n
}

// stepwise reports whether more than half of the bytes equal the byte before or its neighbour, as in 123456 or aabbcc.
func stepwise(text string) bool {
	steps := 0
	for i := 1; i < len(text); i++ {
		if step := int(text[i]) - int(text[i-1]); step >= -1 && step <= 1 {
			steps++
		}
	}
	return 2*steps >= len(text)
}
