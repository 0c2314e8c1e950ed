package redisstore

import (
	"context"
	_ "embed"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed head.lua
	headLua string
	//go:embed held.lua
	heldLua string
	//go:embed put.lua
	putLua string
	//go:embed touch.lua
	touchLua string

	headScript  = newScript(headLua)
	putScript   = newScript(heldLua + putLua)
	touchScript = newScript(heldLua + touchLua)
)

// script is one that takes a key.
type script struct{ text, hash string }

func newScript(text string) script { return script{text, redis.NewScript(text).Hash()} }

// script runs a script by its hash, and by its text where the server does not
// know it, as after a restart.
func (s *Store) script(ctx context.Context, script script, key string, args ...any) (answer any, err error) {
	cmd := scriptCmd(ctx, "evalsha", script.hash, s.key(key), args)
	var writes []string
	if script != headScript {
		writes = []string{key}
	}
	err = s.process(ctx, cmd, writes...)
	if redis.HasErrorPrefix(err, "NOSCRIPT") {
		cmd = scriptCmd(ctx, "eval", script.text, s.key(key), args)
		err = s.process(ctx, cmd, writes...)
	}
	if err != nil {
		return nil, err
	}
	return cmd.Val(), nil
}

// yes is what a script answers that did what it is for.
const yes = int64(1)

func scriptCmd(ctx context.Context, name, script, key string, args []any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, append([]any{name, script, 1, key}, args...)...)
	cmd.SetFirstKeyPos(3)
	return cmd
}
