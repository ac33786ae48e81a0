# frozen_string_literal: true

# Runs one function of Ruby: connects, waits for `init`, loads the handler, then one event after the other.
# Booted before its function is known. Ruby 2.7 and later. See ../CHANNEL.md.

require_relative 'mayfly/channel'

channel = MayflyRuntime::Channel.new(ENV.fetch('MAYFLY_CHANNEL'))
channel.send_frames(['H', { pid: Process.pid, version: RUBY_VERSION }])
# The rest is loaded while nobody waits.
require_relative 'mayfly/runtime'

MayflyRuntime::Runtime.new(channel).run
# Threads that the function left running do not hold the process.
$stdout.flush
exit!(0)
