package gate

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
)

// mostLocal bounds the part of an email address before the @, in bytes (RFC 5321, section 4.5.3.1.1).
const mostLocal = 64

var (
	// uuidForm is RFC 9562's text form, any version.
	uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// emailForm is a dot-atom, an @ and a host name with a dot. It excludes quoted local parts and address literals, which
	// are valid and which nobody uses.
	emailForm = regexp.MustCompile("^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
		"@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+$")

	// timeForm is the date-time of RFC 3339 with capital letters. time.Parse also accepts a comma for the point, one digit
	// for an hour and zones that do not exist (https://go.dev/issue/54580).
	timeForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?` +
		`(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)

	errFormat = errors.New("does not have the format")
)

// RegisterFormats registers the formats of the specification with the validator, which keeps them for the whole
// process. Load calls it. The generated code must be able to decode whatever they accept: a request that fails only
// there is refused without a reason.
//
//nolint:gochecknoglobals // what it registers is global to the process
var RegisterFormats = sync.OnceFunc(func() {
	openapi3.DefineStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(uuidForm.String()))
	openapi3.DefineStringFormatValidator("email", openapi3.NewCallbackValidator(checkEmail))
	openapi3.DefineStringFormatValidator("date-time", openapi3.NewCallbackValidator(checkTime))
})

func checkEmail(text string) error {
	if !emailForm.MatchString(text) || strings.IndexByte(text, '@') > mostLocal {
		return errFormat
	}
	return nil
}

// checkTime accepts the times of RFC 3339 that exist: not the 30th of February, and no leap seconds.
func checkTime(text string) error {
	if !timeForm.MatchString(text) {
		return errFormat
	}
	return new(time.Time).UnmarshalText([]byte(text))
}
