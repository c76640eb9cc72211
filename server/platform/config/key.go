package config

import "strings"

// ExampleSecretKey is the key in .env.example. It is public, so only development accepts it.
const ExampleSecretKey = "replace-this-example-with-the-output-of-openssl-rand-base64-48"

// A key of random bytes is far above these limits, in any common encoding.
const (
	minKeyBytes = 32
	// minOwnBytes is the minimum length of a key without the words that placeholders consist of.
	minOwnBytes = 16
	// minDistinct is the minimum number of different bytes in the rest.
	minDistinct = 8
)

// weakness completes a sentence that starts with the key, such as "is shorter than 32 bytes"; it is empty for a strong
// key. It recognises keys that were written by hand. It cannot prove that a key is random.
func weakness(key string) string {
	if len(key) < minKeyBytes {
		return "is shorter than 32 bytes"
	}
	if key == ExampleSecretKey {
		return "is the public example of .env.example"
	}
	if repeats(key) {
		return "repeats itself"
	}
	own := withoutWords(key)
	if len(own) < minOwnBytes || distinct(own) < minDistinct {
		return "consists of common words or of few different characters"
	}
	if stepwise(own) {
		return "is a sequence of neighbouring characters"
	}
	return ""
}

// repeats reports whether the key is a repetition of a shorter text.
func repeats(key string) bool {
	for period := 1; period <= len(key)/2; period++ {
		if key[period:] == key[:len(key)-period] {
			return true
		}
	}
	return false
}

// withoutWords returns the key in lower case, without the words of placeholders and the punctuation between them.
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

// distinct returns the number of different bytes.
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

// stepwise reports whether at least half of the bytes differ by at most one from the byte before, as in 123456 or
// aabbcc.
func stepwise(text string) bool {
	steps := 0
	for i := 1; i < len(text); i++ {
		if step := int(text[i]) - int(text[i-1]); step >= -1 && step <= 1 {
			steps++
		}
	}
	return 2*steps >= len(text)
}
