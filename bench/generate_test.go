package bench

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/bufbuild/protocompile"
	_ "github.com/planetscale/vtprotobuf/features/marshal"
	_ "github.com/planetscale/vtprotobuf/features/size"
	_ "github.com/planetscale/vtprotobuf/features/unmarshal"
	"github.com/planetscale/vtprotobuf/generator"
	"github.com/stretchr/testify/require"
	"github.com/tinylib/msgp/gen"
	"github.com/tinylib/msgp/parse"
	"github.com/tinylib/msgp/printer"
	gengo "google.golang.org/protobuf/cmd/protoc-gen-go/internal_gengo"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

var update = flag.Bool("update", false, "write the generated files anew")

const schema = "receipt.proto"

// generated compares a file of this folder with what its generator writes, or
// writes it.
func generated(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, want, 0o644))
		return
	}
	have, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "%s differs from what the generator writes; run go test -run Generated -update", name)
}

// plugin is what a protoc plugin gets from protoc: the request to generate code
// for the schema.
func plugin(t *testing.T) *protogen.Plugin {
	t.Helper()
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(context.Background(), schema)
	require.NoError(t, err)
	p, err := protogen.Options{}.New(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{schema},
		Parameter:      proto.String("paths=source_relative"),
		ProtoFile:      []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])},
	})
	require.NoError(t, err)
	return p
}

// output is the one file that a plugin has written.
func output(t *testing.T, p *protogen.Plugin) []byte {
	t.Helper()
	r := p.Response()
	require.Empty(t, r.GetError())
	require.Len(t, r.File, 1)
	return []byte(r.File[0].GetContent())
}

func TestGeneratedProtobuf(t *testing.T) {
	p := plugin(t)
	gengo.GenerateFile(p, p.Files[0])
	generated(t, "receipt_pb_test.go", output(t, p))
}

func TestGeneratedVTProtobuf(t *testing.T) {
	p := plugin(t)
	g, err := generator.NewGenerator(p, []string{"marshal", "unmarshal", "size"}, &generator.Config{
		Poolable: generator.NewObjectSet(), PoolableExclude: generator.NewObjectSet()})
	require.NoError(t, err)
	g.Generate()
	generated(t, "receipt_vtproto_test.go", output(t, p))
}

func TestGeneratedMsgp(t *testing.T) {
	set, err := parse.File("plain_test.go", false, nil)
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "plain_msgp.go")
	require.NoError(t, printer.PrintFile(to, set, gen.Marshal|gen.Unmarshal|gen.Size))
	code, err := os.ReadFile(to)
	require.NoError(t, err)
	generated(t, "plain_msgp_test.go", code)
}
