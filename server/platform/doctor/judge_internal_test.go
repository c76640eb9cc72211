package doctor

import "testing"

// TestJudgements checks the results of what a test cannot bring about with the installed servers.
func TestJudgements(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		got  Result
		want State
	}{
		"version 14":                     {judgeVersion(14, "14.9"), Failed},
		"version 15":                     {judgeVersion(15, "15.1"), OK},
		"version 18":                     {judgeVersion(18, "18.3"), OK},
		"version 19":                     {judgeVersion(19, "19.0"), Warning},
		"TLS":                            {judgeTLS(true, "TLSv1.3", "db.example"), OK},
		"no TLS on a socket":             {judgeTLS(false, "", "/run/postgresql"), OK},
		"no TLS on loopback":             {judgeTLS(false, "", "127.0.0.1"), OK},
		"no TLS elsewhere":               {judgeTLS(false, "", "db.example"), Warning},
		"session mode":                   {judgePooler(false, false), OK},
		"transaction mode":               {judgePooler(true, false), Failed},
		"transaction mode as configured": {judgePooler(true, true), OK},
		"transaction mode not seen":      {judgePooler(false, true), OK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if one.got.State != one.want || (one.want == OK) != (one.got.Remedy == "") {
				t.Errorf("got %+v, want %s", one.got, one.want)
			}
		})
	}
}
