# Says what an interpreter is; run once for each that is found on a host.
require 'rbconfig'
config = RbConfig::CONFIG
members = { version: RUBY_VERSION, implementation: RUBY_ENGINE, prefix: File.realpath(config['prefix']), executable: File.realpath(RbConfig.ruby) }
print '{' + members.map { |name, value| %("#{name}":#{value.dump}) }.join(',') + '}'
