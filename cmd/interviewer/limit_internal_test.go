package main

import (
	"testing"
	"testing/fstest"
)

func TestContainerMemory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"no control groups", nil, 0},
		{"in a container", map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "536870912\n",
		}, 512 << 20},
		{"no limit", map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		{"a limit above", map[string]string{
			"proc/self/cgroup":                                          "0::/system.slice/interviewer.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                     "268435456\n",
			"sys/fs/cgroup/system.slice/interviewer.service/memory.max": "536870912\n",
		}, 256 << 20},
		{"version 1", map[string]string{
			"proc/self/cgroup":                           "5:cpu,cpuacct:/\n4:memory:/docker/x\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "134217728\n",
		}, 128 << 20},
		{"version 1 without a limit", map[string]string{
			"proc/self/cgroup": "4:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{}
			for name, content := range tt.files {
				root[name] = &fstest.MapFile{Data: []byte(content)}
			}
			if got := containerMemory(root); got != tt.want {
				t.Errorf("got %d bytes, want %d", got, tt.want)
			}
		})
	}
}

func TestHeapOf(t *testing.T) {
	t.Parallel()
	for limit, want := range map[int64]int64{
		64 << 20: 33_554_432, 128 << 20: 87_241_524, 512 << 20: 449_629_389, 4 << 30: 3_831_916_135,
	} {
		if got := heapOf(limit); got != want {
			t.Errorf("limit %d: got %d bytes, want %d", limit, got, want)
		}
	}
}
